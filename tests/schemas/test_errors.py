"""Coded errors survive what processes do to exceptions."""

import copy
import pickle
from collections.abc import Callable, Mapping
from typing import ClassVar

import pytest

from xinzheng_schemas.errors import CodedError, Message


class _SampleError(CodedError):
    catalogue: ClassVar[Mapping[str, Message]] = {
        "sample": Message("{field} must be {wanted}", "{field} 应为 {wanted}")
    }


def _pickled(error: CodedError) -> CodedError:
    carried: CodedError = pickle.loads(pickle.dumps(error))  # noqa: S301 - pickled a moment ago
    return carried


@pytest.mark.parametrize("carry", [_pickled, copy.copy, copy.deepcopy])
def test_an_error_says_the_same_after_it_crossed_a_process_boundary(
    carry: Callable[[CodedError], CodedError],
) -> None:
    error = _SampleError("sample", field="/name", wanted="a name")

    carried = carry(error)

    assert (type(carried), carried.code, carried.field) == (_SampleError, "sample", "/name")
    assert (str(carried), carried.message("zh")) == ("/name must be a name", "/name 应为 a name")
    assert carried.args == error.args


def test_a_code_without_text_is_a_programming_error() -> None:
    with pytest.raises(LookupError, match="_SampleError has no message for code 'other'"):
        _SampleError("other")
