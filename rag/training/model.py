"""The reader as a torch module, and the trunk that it shares with the retriever."""

from __future__ import annotations

from typing import Any

import torch

from index.encoder import TRUNK_LAYERS


class ReaderModel(torch.nn.Module):
    """A `BertModel` with three heads: where an answer starts, where it ends, and whether the window holds one at all.

    Devlin et al. 2019 for the span; as in DPR's reader (Karpukhin et al. 2020) a logit of the first token chooses among passages, here
    trained as a probability, so that it also tells when none of them answers.
    """

    def __init__(self, bert: Any) -> None:
        super().__init__()
        self.bert = bert
        self.span = torch.nn.Linear(bert.config.hidden_size, 2)
        self.answerable = torch.nn.Linear(bert.config.hidden_size, 1)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Logits `(batch, tokens)` of start and end, and `(batch,)` of being answerable. Question and padding are not masked here."""
        hidden = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        start, end = self.span(hidden).unbind(-1)
        return start, end, self.answerable(hidden[:, 0]).squeeze(-1)


def freeze_trunk(bert: Any) -> None:
    """Keeps embeddings and lower layers as they are, without dropout, so that encoder and reader can share their weights.

    Their part of the backward pass is saved too.
    """
    for part in (bert.embeddings, *bert.encoder.layer[:TRUNK_LAYERS]):
        part.requires_grad_(False)
        part.train = lambda mode=True, part=part: torch.nn.Module.train(part, False)
