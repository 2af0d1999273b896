"""Makes the table of values in the chart's README of the comments of values.yaml: `table.py` writes it, and a test compares."""
import json
import yaml
from chart import CHART

BEGIN, END = "<!-- made of values.yaml by tests/helm/table.py -->\n", "<!-- end -->\n"


def rows(text):
    """Each value's path, default and comment. Values of a map that is written in braces are one value."""
    path, comment, found = [], [], []
    values = yaml.safe_load(text)
    for line in text.splitlines():
        bare = line.strip()
        if bare.startswith("#"):
            comment.append(bare.removeprefix("#").strip())
            continue
        indent = (len(line) - len(line.lstrip())) // 2
        if bare and not bare.startswith("-"):
            key, _, rest = bare.partition(":")
            path = [*path[:indent], key]
            if rest.strip():
                found.append((".".join(path), default(values, path), " ".join(comment)))
            elif isinstance(at(values, path), list) or comment:
                # A list of lines, or a section that says something of its own.
                value = default(values, path) if isinstance(at(values, path), list) else ""
                if not is_map(at(values, path)) or comment:
                    found.append((".".join(path), value, " ".join(comment)))
        comment = []
    return found


def at(values, path):
    for key in path:
        values = values[key]
    return values


def is_map(value):
    return isinstance(value, dict) and value != {}


def default(values, path):
    return f"`{json.dumps(at(values, path), ensure_ascii=False)}`"


def table():
    lines = ["| Value | Default | |", "|---|---|---|"]
    for path, value, comment in rows((CHART / "values.yaml").read_text()):
        lines.append(f"| `{path}` | {value} | {comment.replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n"


def readme(made):
    before, _, rest = (CHART / "README.md").read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + made + END + after


if __name__ == "__main__":
    (CHART / "README.md").write_text(readme(table()))
