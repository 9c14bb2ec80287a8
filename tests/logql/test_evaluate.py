"""The evaluator counts as Loki does, and refuses what it does not know."""

import pytest

import cases

RULE = 'sum by (host, runner) (count_over_time({job="journal"} |= `bad` | pid=~`1?` [10m])) >= 2'


def row(ago, line="bad", metadata=None, **labels):
    return {"labels": {"job": "journal", "host": "one", **labels}, "metadata": metadata or {}, "line": line,
            "ago": ago}


def series(text, *rows):
    answer, = cases.evaluate([{"text": text, "rows": rows}])
    assert "error" not in answer, answer
    return answer["series"]


def test_the_younger_end_of_a_window_is_in_it_and_the_older_is_not():
    assert series(RULE, row(0), row(599.9)) == [{"labels": {"host": "one"}, "value": 2}]
    assert series(RULE, row(0), row(600)) == []
    assert series(RULE, row(0), row(-0.1)) == []


def test_each_group_is_counted_apart():
    assert series(RULE, row(0), row(1, host="two")) == []
    assert series(RULE, row(0, runner="a"), row(1, runner="a"), row(2, runner="b")) == [
        {"labels": {"host": "one", "runner": "a"}, "value": 2}]
    assert len(series(RULE, *[row(0, runner=name) for name in "aabb"])) == 2


def test_the_selector_sees_labels_alone_and_a_filter_metadata_too():
    assert series(RULE.replace("{job", '{pid="1", job'), row(0, metadata={"pid": "1"}), row(1)) == []
    assert series(RULE, row(0, metadata={"pid": "1"}), row(1)) != []
    assert series(RULE, row(0, metadata={"pid": "12"}), row(1)) == [], "filters on labels are anchored"
    assert series(RULE, row(0, metadata={"pid": "12"}), row(1), row(2, "very bad indeed")) != []


def test_what_a_parser_finds_can_be_grouped_by_and_filtered():
    text = 'sum by (unit) (count_over_time({job="journal"} | regexp `of (?P<unit>\\w+)` | unit!="b" [1m])) > 0'
    assert series(text, row(0, "of a"), row(0, "of b"), row(0, "nothing")) == [
        {"labels": {"unit": "a"}, "value": 1}, {"labels": {}, "value": 1}]


PIPELINE = '{job="journal"} |= `bad`'
UNKNOWN = {
    "another function": RULE.replace("count_over_time", "bytes_over_time"),
    "another aggregation": RULE.replace("sum", "max"),
    "no grouping": RULE.replace("by (host, runner) ", ""),
    "grouping by what is left": RULE.replace("by", "without"),
    "another comparison": RULE.replace(">=", "!="),
    "a comparison that gives 0 or 1": RULE.replace(">=", ">= bool"),
    "no comparison": RULE.removesuffix(" >= 2"),
    "a comparison with another series": RULE.replace(">= 2", f">= {RULE}"),
    "two of them": f"{RULE} and {RULE}",
    "an offset": RULE.replace("[10m]", "[10m] offset 1m"),
    "another unit of time": RULE.replace("[10m]", "[600000ms]"),
    "another parser": RULE.replace("| pid", "| logfmt | pid"),
    "a line filter of two": RULE.replace("`bad`", "`bad` or `worse`"),
    "a label filter of two": RULE.replace("`1?`", '`1?` or pid="2"'),
    "a number": RULE.replace("=~`1?`", " > 1"),
    "a name that is taken": RULE.replace("| pid", "| regexp `(?P<host>bad)` | pid"),
    "a pattern that RE2 does not know": RULE.replace("|= `bad`", "|~ `bad(?=x)`"),
    "no LogQL": RULE.replace("{", "("),
    "only lines": PIPELINE,
}


@pytest.mark.parametrize("what", UNKNOWN)
def test_it_refuses(what):
    assert UNKNOWN[what] != RULE
    answer, = cases.evaluate([{"text": UNKNOWN[what], "rows": [row(0), row(1)]}])
    assert answer.get("error"), answer
    assert set(answer) == {"error"}
