"""The coverage bars, asked of coverage's own data after the suite: domain and kernel 100 %, everything 95 %."""

import sys

import coverage

BARS = (
    (100.0, ["services/kernel/*", "services/*/domain/*"]),
    (95.0, ["services/*", "gateway/*", "tools/*"]),
)


def main() -> int:
    """Print what falls short of its bar in the data that pytest-cov has combined; 0 when every bar is met."""
    data = coverage.Coverage(data_suffix=False)
    data.load()
    failed = False
    for bar, include in BARS:
        print(f"== coverage of {', '.join(include)}: at least {bar:g} %")
        reached = data.report(include=include, show_missing=True, skip_covered=True, precision=1)
        failed = failed or reached < bar
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
