"""JSON to models and back: our names here, the wire's names there, nothing lost between.

Measured (see benchmarks): the fast converter costs about half of cattrs' default. It
says nothing about where a document is wrong, so a failure is structured once more with
a second, explaining converter.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, TypeVar, get_args, get_origin

import attrs
import cattrs
import cattrs.preconf.orjson
from cattrs.cols import list_structure_factory
from cattrs.gen import make_dict_structure_fn, override

T = TypeVar("T")

WIRE: Final = "audiokit.wire"
_PRIMITIVES: Final = (str, int, float, bool)


def wire(name: str, **options: Any) -> Any:
    """A model field whose wire name does not follow the API's rule."""
    return attrs.field(metadata={WIRE: name}, **options)


class _PartlyRead(dict[str, Any]):
    """An object of which some known fields could not be read; rare, so that models need no room for it."""

    def __init__(self, value: dict[str, Any], *, unread: frozenset[str] = frozenset()) -> None:
        super().__init__(value)
        self.unread = unread


@attrs.define
class Model:
    """Base of everything an API returns: fields under our names, the rest in `extra`."""

    _wire_names: ClassVar[frozenset[str]] = frozenset()

    _raw: dict[str, Any] = attrs.field(factory=dict, init=False, repr=False, eq=False)

    @property
    def extra(self) -> dict[str, Any]:
        """What the API sent beyond the fields known here, under the wire's names.

        Also what it sent for a field that could not be read and has its default instead.
        """
        unread = self._raw.unread if isinstance(self._raw, _PartlyRead) else ()
        return {
            name: value for name, value in self._raw.items() if name not in self._wire_names or name in unread
        }


def camel(name: str) -> str:
    """``script_id`` to ``scriptId``."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def snake(name: str) -> str:
    """As it is: the wire already writes ``script_id``."""
    return name


class Converter:
    """Structures one API's documents.

    Args:
        rename: Our field name to the wire's.
    """

    def __init__(self, rename: Callable[[str], str]) -> None:
        self._rename = rename
        self._fast = self._make(detailed=False)
        self._explaining: cattrs.Converter | None = None

    def structure(self, value: object, into: type[T]) -> T:
        """Build *into* from decoded JSON.

        Raises:
            ValueError: It does not fit; the message has one line per misfit, with its path.
        """
        try:
            return self._fast.structure(value, into)
        except Exception as error:  # hooks of any kind run here; all mean "does not fit"
            raise ValueError(self._explain(value, into) or str(error)) from error

    def _explain(self, value: object, into: type[object]) -> str:
        if self._explaining is None:
            self._explaining = self._make(detailed=True)
        try:
            self._explaining.structure(value, into)
        except Exception as error:  # noqa: BLE001 - the same failure again, this time with its paths
            return "; ".join(cattrs.transform_error(error))
        return ""

    def _make(self, *, detailed: bool) -> cattrs.Converter:
        converter = cattrs.preconf.orjson.make_converter(detailed_validation=detailed)
        for kind in _PRIMITIVES:
            converter.register_structure_hook(kind, _as_is)
            converter.register_structure_hook(kind | None, _as_is)
        converter.register_structure_hook(datetime, lambda value, _: _moment(value))
        converter.register_structure_hook(
            datetime | None, lambda value, _: None if value is None else _moment(value)
        )

        converter.register_structure_hook_factory(
            _is_list, lambda kind: _list_hook(kind, converter, detailed=detailed)
        )

        def factory(cls: type[Model]) -> Callable[[Any, Any], Model]:
            return self._model_hook(cls, converter, detailed=detailed)

        converter.register_structure_hook_factory(
            lambda kind: isinstance(kind, type) and issubclass(kind, Model), factory
        )
        return converter

    def _model_hook(
        self, cls: type[Model], converter: cattrs.Converter, *, detailed: bool
    ) -> Callable[[Any, Any], Model]:
        attrs.resolve_types(cls)
        fields = [field for field in attrs.fields(cls) if field.init]
        names = {field.name: field.metadata.get(WIRE) or self._rename(field.name) for field in fields}
        cls._wire_names = frozenset(names.values())  # pyright: ignore[reportPrivateUsage]  # our own base class
        overrides = {
            field.name: override(
                rename=names[field.name],
                # What a model cannot do without must be what it says; the rest is taken as it comes, or
                # left to its default where that cannot be: see `hook`.
                struct_hook=_exactly(field.type) if _is_needed(field) else _or_default(field),
            )
            for field in fields
        }
        build = make_dict_structure_fn(
            cls,
            converter,
            _cattrs_detailed_validation=detailed,
            **overrides,  # type: ignore[arg-type]
        )
        spare = {names[field.name]: field.type for field in fields if _is_spare(field)}

        def hook(value: Any, _: Any) -> Model:
            if not isinstance(value, dict):
                raise TypeError(f"expected an object for {cls.__name__}, got {type(value).__name__}")
            try:
                model = build(value, cls)
            except Exception:
                unread = frozenset(
                    name
                    for name, kind in spare.items()
                    if name in value and not _is_readable(converter, value[name], kind)
                )
                if not unread:
                    raise
                model = build({name: one for name, one in value.items() if name not in unread}, cls)
                value = _PartlyRead(value, unread=unread)
            model._raw = value  # pyright: ignore[reportPrivateUsage]  # our own base class
            return model

        return hook


class _AsIs:
    """JSON has given the type already; null stays None.

    It is false, because cattrs then takes the value itself instead of writing a call: twenty calls less for
    a recording.
    """

    def __bool__(self) -> bool:
        return False

    def __call__(self, value: Any, _: Any) -> Any:
        return value


_as_is: Final = _AsIs()


def _is_needed(field: attrs.Attribute[Any]) -> bool:
    return field.default is attrs.NOTHING and field.type in _PRIMITIVES


def _is_spare(field: attrs.Attribute[Any]) -> bool:
    """Whether its default can stand for what cannot be read; an empty list would say "there are none"."""
    return field.default is not attrs.NOTHING and not _is_list(field.type)


def _is_readable(converter: cattrs.Converter, value: Any, kind: Any) -> bool:
    try:
        converter.structure(value, kind)
    except Exception:  # noqa: BLE001 - hooks of any kind run here; all mean "does not fit"
        return False
    return True


def _exactly(kind: Any) -> Callable[[Any, Any], Any]:
    accepted: tuple[type, ...] = (int, float) if kind is float else (kind,)

    def hook(value: Any, _: Any) -> Any:
        if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
            raise TypeError(f"expected {kind.__name__}, got {type(value).__name__}")
        return value

    return hook


def _or_default(field: attrs.Attribute[Any]) -> Callable[[Any, Any], Any] | None:
    """Null is the default where the type has no None."""
    default = field.default
    if field.type not in _PRIMITIVES or not isinstance(default, _PRIMITIVES):
        return None
    return lambda value, _: default if value is None else value


def _is_list(kind: Any) -> bool:
    return get_origin(kind) is list


def _list_hook(kind: Any, converter: cattrs.Converter, *, detailed: bool) -> Callable[[Any, Any], Any]:
    """Lists are lists: cattrs alone would take a string for a list of letters. Null is an empty one."""
    (item_type,) = get_args(kind)
    item_hook = converter.get_structure_hook(item_type)
    # Slower, but its errors tell which item is wrong.
    explain = list_structure_factory(kind, converter) if detailed else None

    def hook(value: Any, _: Any) -> Any:
        if value is None:
            return []
        if not isinstance(value, list):
            raise TypeError(f"expected a list, got {type(value).__name__}")
        if explain is not None:
            return explain(value, kind)
        return [item_hook(item, item_type) for item in value]

    return hook


def _moment(value: Any) -> datetime:
    """ISO 8601 to an aware datetime; a moment without zone is UTC, as the APIs mean it."""
    if not isinstance(value, str):
        raise TypeError(f"expected an ISO 8601 time, got {type(value).__name__}")
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
