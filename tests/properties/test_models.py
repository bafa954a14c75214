"""Properties of all models: what the API sent can be put together again, whatever it was."""

from __future__ import annotations

import importlib
import pkgutil
import string
import types
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Union, get_args, get_origin

import attrs
import pytest
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audiokit.services import APIS, _dialect
from audiokit.services._convert import WIRE, Model
from audiokit.services._tolerant import flag, number, several

few = settings(max_examples=examples(5), deadline=None, suppress_health_check=[HealthCheck.too_slow])
scalars = st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=8)
json_values = st.recursive(
    st.none() | scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=5,
)
unknown = st.dictionaries(
    st.text(string.ascii_lowercase, min_size=3, max_size=8).map("zz_".__add__), json_values, max_size=3
)
moments = st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat)
PRIMITIVES: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=8),
    int: st.integers(-(2**53), 2**53),
    float: st.floats(allow_nan=False) | st.integers(-(2**53), 2**53),
    bool: st.booleans(),
}
CONVERTED: dict[Any, st.SearchStrategy[Any]] = {
    number: st.none() | PRIMITIVES[int],
    flag: PRIMITIVES[bool],
    several: st.lists(json_values, max_size=2),
}


def _models() -> Iterator[tuple[str, type[Model]]]:
    """Every model of every API, also those that only hold what a list gives."""
    for api in APIS:
        package = importlib.import_module(f"audiokit.services.{api}")
        for info in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(f"{package.__name__}.{info.name}")
            for value in vars(module).values():
                if (
                    isinstance(value, type)
                    and issubclass(value, Model)
                    and value.__module__ == module.__name__
                ):
                    yield api, value


MODELS = list(_models())


def _converter(api: str) -> Any:
    return getattr(_dialect, api.upper()).converter


def _wire_names(api: str, model: type[Model]) -> dict[str, str]:
    """Our names of a model's fields, to the wire's."""
    rename = _converter(api)._rename
    return {
        field.name: field.metadata.get(WIRE) or rename(field.name)
        for field in attrs.fields(model)
        if field.init
    }


def _documents(api: str, model: type[Model]) -> st.SearchStrategy[dict[str, Any]]:
    """JSON that fits a model: what it needs, some of what it knows, and what it does not know."""
    attrs.resolve_types(model)
    needed, known = {}, {}
    names = _wire_names(api, model)
    for field in attrs.fields(model):
        if field.init:
            place = needed if field.default is attrs.NOTHING else known
            plain = CONVERTED.get(field.converter)  # the ways in which one thing may be written have a test
            fitting = _values(api, field.type, is_needed=place is needed) if plain is None else plain
            place[names[field.name]] = fitting
    fitting = st.fixed_dictionaries(needed, optional=known)
    return st.builds(lambda inside, more: {**more, **inside}, fitting, unknown)


def _values(api: str, kind: Any, *, is_needed: bool) -> st.SearchStrategy[Any]:
    """JSON that fits a field; where a primitive is not needed, it may be any other, too.

    But for null, which is its default.
    """
    if kind in PRIMITIVES:
        return PRIMITIVES[kind] if is_needed else scalars
    if kind is datetime:
        return moments
    if kind is type(None):
        return st.none()
    if isinstance(kind, type) and issubclass(kind, Model):
        return st.deferred(lambda: _documents(api, kind))
    if get_origin(kind) in {Union, types.UnionType}:
        arms = get_args(kind)
        is_simple = len(arms) == 2 and type(None) in arms  # then other primitives are taken as well
        return st.one_of(*[_values(api, arm, is_needed=not is_simple) for arm in arms])
    if get_origin(kind) is list:
        return st.lists(_values(api, get_args(kind)[0], is_needed=True), max_size=2)
    if get_origin(kind) is dict:
        return st.dictionaries(
            st.text(max_size=5), _values(api, get_args(kind)[1], is_needed=True), max_size=2
        )
    return json_values


def _document(api: str, value: Any) -> Any:
    """The JSON a value came from; of a model, from its attributes and `extra`, not from what it keeps."""
    if isinstance(value, Model):
        names = _wire_names(api, type(value))
        fields = {
            wire: _document(api, getattr(value, ours)) for ours, wire in names.items() if wire in value._raw
        }
        return {**fields, **value.extra}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        return [_document(api, one) for one in value]
    if isinstance(value, dict):
        return {name: _document(api, one) for name, one in value.items()}
    return value


def _ids(value: Any) -> str | None:
    return value if isinstance(value, str) else value.__name__


@pytest.mark.parametrize(("api", "model"), MODELS, ids=_ids)
@few
@given(data=st.data())
def test_nothing_is_lost_or_changed_between(api: str, model: type[Model], data: st.DataObject) -> None:
    """The document can be rebuilt from the model: known fields, odd values in them, unknown fields."""
    document = data.draw(_documents(api, model))
    found = _converter(api).structure(document, model)
    assert document == _document(api, found)
    names = set(_wire_names(api, model).values())
    assert {name: value for name, value in document.items() if name not in names} == found.extra


@pytest.mark.parametrize(("api", "model"), MODELS, ids=_ids)
@few
@given(value=json_values)
def test_any_document_is_a_model_or_a_clear_refusal(api: str, model: type[Model], value: Any) -> None:
    """Decoding raises `ValueError` with words, never anything else."""
    try:
        found = _converter(api).structure(value, model)
    except ValueError as error:
        assert str(error)
    else:
        assert isinstance(found, model)


def test_all_apis_have_models() -> None:
    """The walk has found them."""
    assert set(APIS) == {api for api, _ in MODELS}
    assert len(MODELS) > 60
