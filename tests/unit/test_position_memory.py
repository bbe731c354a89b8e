"""Position counts at the size of the largest model: what they take is what the plan says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from transformers import OPTConfig

from neuron_census.forward.micro_batch import MicroBatch
from neuron_census.forward.plan import make_plan
from own_process import run_python

WINDOW, FFN_DIM, DOMAINS, LAYERS = 2048, 36_864, 3, 1

# Memory that is a file's is given back when others need it: what counts is the rest.
OBSERVE = """
import json, sys
from pathlib import Path
import numpy as np, torch
from neuron_census.forward.micro_batch import MicroBatch
from neuron_census.recorders import PositionCounts

def taken():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("RssAnon:")[2].split()[0]) * 1024

scratch, window, ffn_dim, domains, layers = Path(sys.argv[1]), *map(int, sys.argv[2:])
ids = np.zeros((1, window), dtype=np.int64)
batch = MicroBatch(ids, np.array([window]), 2, False, False, True)
small = PositionCounts(scratch.with_name("small"), 1, 1, window, 8, 200)
small.observe(0, MicroBatch(ids, np.array([window]), 0, False, False, True), torch.ones(window, 8).half())
active = torch.ones(window, ffn_dim, dtype=torch.float16)
before = taken()
counts = PositionCounts(scratch, domains, layers, window, ffn_dim, 200)
counts.observe(0, batch, active)
assert (counts._counts[2, 0] == 1).all() and not counts._counts[:2].any()
print(json.dumps({"taken": taken() - before, "scratch": scratch.stat().st_size}))
"""


def test_position_counts_of_the_largest_model_take_what_the_plan_says(tmp_path: Path) -> None:
    """A layer of 36,864 neurons, windows of 2,048 tokens, three domains, 200 windows."""
    config = OPTConfig(
        hidden_size=9216,
        ffn_dim=FFN_DIM,
        num_hidden_layers=LAYERS,
        num_attention_heads=72,
        word_embed_proj_dim=9216,
        max_position_embeddings=WINDOW,
    )
    window = np.zeros((1, WINDOW), dtype=np.int64)
    batches = [
        MicroBatch(window, np.array([WINDOW]), 2, dead=False, ngrams=False, positions=True)
    ] * 200
    plan = make_plan(
        config,
        batches,
        domains=DOMAINS,
        window=WINDOW,
        ngram_layers=0,
        dtype=torch.float16,
        device=torch.device("cpu"),
        micro_batch_tokens=WINDOW,
        weights="streamed",
        output=tmp_path,
    )
    assert plan.scratch_bytes == DOMAINS * LAYERS * WINDOW * FFN_DIM, "a byte holds 200 windows"
    assert "226 MB beside it on the way" in plan.describe()
    status, said, errors = run_python(
        OBSERVE, tmp_path / "scratch", WINDOW, FFN_DIM, DOMAINS, LAYERS
    )
    assert status == 0, errors
    found = json.loads(said.splitlines()[-1])
    header = 256
    assert plan.scratch_bytes <= found["scratch"] <= plan.scratch_bytes + header
    # Counting is in place: nothing of the size of the activations is made.
    assert found["taken"] < 32e6 < plan.working_bytes
