"""Position counts at the size of the largest model: what they take is what the plan says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from transformers import OPTConfig

from helpers.fakes.own_process import run_python
from neuron_census.forward.micro_batch import MicroBatch
from neuron_census.record.planning.model_size import ModelSize
from neuron_census.record.planning.needs import Needs
from neuron_census.record.planning.plan import Memory, Request, make_plan
from neuron_census.record.planning.work import Work

WINDOW, FFN_DIM, DOMAINS, LAYERS, WINDOWS = 2048, 36_864, 3, 1, 200

# Memory that is a file's is given back when others need it: what counts is the rest.
OBSERVE = """
import json, sys
from pathlib import Path
import numpy as np, torch
from neuron_census.forward.observation import Observation
from neuron_census.forward.micro_batch import MicroBatch
from neuron_census.forward.outbox import Outbox
from neuron_census.record.recorders.position_scratch import PositionScratch
from neuron_census.record.recorders.position_counts import PositionCounts

def taken():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("RssAnon:")[2].split()[0]) * 1024

def observe(file, shape, domain, active):
    ids = np.zeros((1, shape[2]), dtype=np.int64)
    batch = MicroBatch(np.arange(1), np.arange(1), ids, np.array([shape[2]]), domain, False, False, True)
    scratch = PositionScratch(file, shape, 200)
    counts = PositionCounts(scratch, Outbox(torch.device("cpu")))
    counts.observe(0, batch, Observation(active, batch))
    most = taken()
    counts.layer_done(0)
    return scratch, most

file, window, ffn_dim, domains, layers = Path(sys.argv[1]), *map(int, sys.argv[2:])
observe(file.with_name("small"), (1, 1, window, 8), 0, torch.ones(window, 8).half())
active = torch.ones(window, ffn_dim, dtype=torch.float16)
before = taken()
scratch, most = observe(file, (domains, layers, window, ffn_dim), 2, active)
assert (scratch.read(2, 0) == 1).all()
assert not scratch.read(0, 0).any() and not scratch.read(1, 0).any()
print(json.dumps({"taken": most - before, "scratch": file.stat().st_size}))
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
    model = ModelSize.of(config, torch.float16)
    window = np.zeros((1, WINDOW), dtype=np.int64)
    batch = MicroBatch(
        np.arange(1), np.arange(1), window, np.array([WINDOW]), 2, False, False, True
    )
    work = Work.of([batch] * WINDOWS, model, domains=DOMAINS, window=WINDOW, ngram_layers=0)
    plan = make_plan(
        Request(model, work, torch.float16, "cpu", Memory(1 << 40, 1 << 40), free_disk=1 << 40)
    )
    block = WINDOW * FFN_DIM
    assert work.position_block(model) == block, "a byte holds 200 windows"
    assert plan.disk_bytes - plan.recording_bytes == DOMAINS * LAYERS * block
    others = MicroBatch(
        np.arange(1), np.arange(1), window, np.array([WINDOW]), 2, True, False, False
    )
    without = Work.of([others] * WINDOWS, model, domains=DOMAINS, window=WINDOW, ngram_layers=0)
    planned = peak(model, work) - peak(model, without)
    status, said, errors = run_python(
        OBSERVE, tmp_path / "scratch", WINDOW, FFN_DIM, DOMAINS, LAYERS
    )
    assert status == 0, errors
    found = json.loads(said.splitlines()[-1])
    assert found["scratch"] == DOMAINS * LAYERS * block
    # One block is in memory, that of the layer and domain: nothing of the size of the activations.
    assert block <= found["taken"] + (1 << 20) and found["taken"] < block + 16e6
    assert found["taken"] <= planned


def peak(model: ModelSize, work: Work) -> int:
    """The bytes of memory that are planned on a CPU, streamed, a window at a time."""
    return Needs(model, work, torch.float16.itemsize, "cpu").device(0, WINDOW, "device")
