from src.record.run_record import describe_items


def sample(task, name, stage="base"):
    return {"task": task, "id": name, "stage": stage}


def test_the_same_items_have_one_fingerprint_and_others_another():
    once = [sample("a", "x"), sample("a", "y"), sample("b", 0)]
    again = [*once, sample("a", "x", "tuned"), sample("a", "y", "tuned")]
    first = describe_items(once)
    assert {task: one["n"] for task, one in first.items()} == {"a": 2, "b": 1}
    assert describe_items(again) == first
    assert describe_items(once[:1])["a"] != first["a"]
    assert describe_items([once[1], once[0]])["a"] != first["a"]  # pairs are by position too
    assert describe_items([]) == {}
