"""A bounded store: what was made last is kept, up to so many things and so much of them together."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Store(Generic[K, V]):
    """What was asked for last, at most `size` things that weigh at most `most` together.

    `weigh` tells what one thing weighs under its key; without it nothing weighs anything.
    """

    def __init__(self, size: int, most: int = 0, weigh: Callable[[K, V], int] | None = None) -> None:
        self.size = size
        self.most = most
        self.kept: OrderedDict[K, V] = OrderedDict()
        self.weight = 0
        self._weigh = weigh

    def get(self, key: K, make: Callable[[], V]) -> V:
        """What is kept under a key, made when it is not. What `make` raises is passed on, and nothing is kept."""
        if key in self.kept:
            self.kept.move_to_end(key)
            return self.kept[key]
        made = make()
        self.kept[key] = made
        if self._weigh is not None:
            self.weight += self._weigh(key, made)
        while self.kept and (len(self.kept) > self.size or self.weight > self.most):
            self._forget()
        return made

    def _forget(self) -> None:
        key, oldest = self.kept.popitem(last=False)
        if self._weigh is not None:
            self.weight -= self._weigh(key, oldest)
