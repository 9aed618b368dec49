"""`nixspec plan`: what a model will take, and how fast it can be at best, without running it."""

import argparse
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pytest_nixspec.checks.plans import asked_of, on_device, workload_of
from pytest_nixspec.checks.tested import profile_named
from pytest_nixspec.cli.running import Commands, add_json, add_override, run_here
from pytest_nixspec.errors import NixError, ShellError, SpecError
from pytest_nixspec.performance import Device, Profile
from pytest_nixspec.performance.planning.chips import find, here
from pytest_nixspec.performance.planning.peak import PROMPT_TOKENS, STEP_TOKENS, Workload
from pytest_nixspec.performance.planning.planner import Plan, plan
from pytest_nixspec.performance.planning.sizes import BITS, GROUP_SIZES, UNQUANTIZED
from pytest_nixspec.performance.planning.sizings import Asked, Sized, Sizings
from pytest_nixspec.performance.units import gigabytes
from pytest_nixspec.settings import ModelSubstitute, Substitutions
from pytest_nixspec.spec import SPEC_NAME
from pytest_nixspec.temporary import own_directory

UNITS = {"": 1, "gb": 10**9, "gib": 2**30}
OPTIONS = {
    "--profile": "a profile of the specification, with its shell's MLX_*; what else is given wins",
    "--model": "a folder, a config.json, or a name on the hub",
    "--bits": "bits of a weight, as if converted so; 16 for no quantization",
    "--group-size": "weights that share a scale",
    "--batch": "sequences at once",
    "--context": f"tokens of each, prompt and generation; {STEP_TOKENS} by default",
    "--prompt-tokens": f"how many of these are prompt; up to {PROMPT_TOKENS} by default",
    "--tensor-parallel": "ranks to cut the model over",
    "--devices": "machines of that kind that there are; one by default",
    "--vram-limit": "bytes on each device; 45GB and 42GiB are read too",
    "--device": "an Apple chip, as in m2-max-38c; by default this machine",
    "--bandwidth-gbs": "of the memory in GB/s, instead of the device's",
}


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "plan", help="say what a model takes and can reach: exit 0 feasible, 1 not, 2 invalid"
    )
    for name, text in OPTIONS.items():
        parser.add_argument(name, help=text, metavar=name.strip("-").upper().replace("-", "_"))
    add_override(parser)
    add_json(parser)
    parser.set_defaults(command=_plan)


def _plan(options: argparse.Namespace) -> int:
    root = Path.cwd()
    chip = find(options.device) if options.device else here(Device.here())
    substitutes = Substitutions.read(root).models
    with own_directory() as directory:
        profile, said = _profile(options, directory) if options.profile else (None, [])
        asked, work = _request(options, profile)
        paths = {one.model: one.path for one in substitutes}
        sized = Sizings(directory, paths, root, _announce).of(asked)
    work = on_device(work, chip, sized, is_here=not options.device)
    planned = plan(sized.sizes, work)
    assumed = [*said, *sized.sizes.notes, *_assumed(options, asked, work, substitutes)]
    if options.json:
        print(json.dumps(_as_json(planned, work, sized, assumed), indent=2))
    else:
        print("\n".join(_lines(planned, work, sized, assumed)))
    return 0 if planned.feasible else 1


def _request(options: argparse.Namespace, profile: Profile | None) -> tuple[Asked, Workload]:
    """Return what is asked for: of the options, else of the profile, else by default."""
    asked = asked_of(profile) if profile else Asked("")
    work = workload_of(profile) if profile else Workload()
    asked = Asked(
        model=options.model or asked.model,
        bits=_one_of("--bits", options.bits, (*BITS, UNQUANTIZED)) or asked.bits,
        group_size=_one_of("--group-size", options.group_size, GROUP_SIZES),
        ranks=_count("--tensor-parallel", options.tensor_parallel) or asked.ranks,
    )
    if not asked.model:
        message = "there is no model to plan for. Give --model, or a --profile that names one."
        raise SpecError(message)
    context = _count("--context", options.context) or work.context
    prompt = _count("--prompt-tokens", options.prompt_tokens)
    if prompt is not None and prompt > context:
        message = (
            f"--prompt-tokens {prompt} is more than the context of {context}, which the prompt is "
            "part of. Give a longer --context."
        )
        raise SpecError(message)
    return asked, replace(
        work,
        batch=_count("--batch", options.batch) or work.batch,
        context=context,
        prompt=prompt or (min(work.prompt, context) if work.prompt else None),
        ranks=asked.ranks,
        devices=_count("--devices", options.devices) or 1,
        limit_bytes=_bytes(options.vram_limit) or work.limit_bytes,
        bandwidth_gbs=_bandwidth(options.bandwidth_gbs),
    )


def _profile(options: argparse.Namespace, directory: Path) -> tuple[Profile, list[str]]:
    """Return a profile with the variables of its shell, and what is to be said of these."""
    run = run_here(options, directory)
    if run.spec is None:
        message = (
            f"--profile {options.profile} needs a {SPEC_NAME}, and {run.settings.root} has none. "
            "Give --model."
        )
        raise SpecError(message)
    tested = profile_named(run, options.profile)
    try:
        return tested.profile, list(tested.settings.disagreements)
    except (NixError, ShellError) as error:
        # A plan needs no Nix, so it is made of what is stated, and says what it lacks.
        reason = str(error).partition("\n")[0].rstrip(".")
        return tested.stated, [
            f"nothing that its shell exports, which could not be entered: {reason}"
        ]


def _count(option: str, text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"\d{1,15}", text) or int(text) == 0:
        message = f"{option} {text} is no count: it must be a whole number from 1 up."
        raise SpecError(message)
    return int(text)


def _one_of(option: str, text: str | None, allowed: Sequence[int]) -> int | None:
    if text is None:
        return None
    if text not in map(str, allowed):
        known = ", ".join(map(str, allowed))
        message = f"{option} {text} is nothing that MLX has: give one of {known}."
        raise SpecError(message)
    return int(text)


def _bytes(text: str | None) -> int | None:
    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,20}(?:_\d{1,20})*(?:\.\d+)?(?:e\d\d?)?)\s*(gb|gib)?", text.lower())
    count = float(found[1]) * UNITS[found[2] or ""] if found else 0.0
    if count < 1:
        message = f"--vram-limit {text} is no number of bytes: write 45000000000, 45GB or 42GiB."
        raise SpecError(message)
    return int(count)


def _bandwidth(text: str | None) -> float | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) or float(text) == 0:
        message = f"--bandwidth-gbs {text} is no bandwidth: give GB/s (1e9), as in 400."
        raise SpecError(message)
    return float(text)


def _assumed(
    options: argparse.Namespace,
    asked: Asked,
    work: Workload,
    substitutes: Sequence[ModelSubstitute],
) -> Iterator[str]:
    for one in (one for one in substitutes if one.model == asked.model):
        yield f"{one.model} is substituted: {one.what}"
    if not options.context and not options.profile:
        yield f"a context of {work.context} tokens, since --context is not given"
    if work.prompt is None:
        yield f"prompts of up to {PROMPT_TOKENS} tokens, since --prompt-tokens is not given"
    if work.bandwidth_gbs is None:
        yield f"no bandwidth: {work.device} is not in the table; --device or --bandwidth-gbs helps"
    yield f"activations are an estimate for {work.backend}; {_FITTED[work.backend]}"


_FITTED = {
    "cpu": "it was fitted on CPU, in float32",
    "metal": "it was fitted on CPU and not measured there: leave some room",
}


def _as_json(
    planned: Plan, work: Workload, sized: Sized, assumed: Sequence[str]
) -> dict[str, object]:
    parallel = planned.tensor_parallel
    roofline = planned.roofline_tokens_per_second
    return {
        "feasible": planned.feasible,
        "weight_bytes": planned.weight_bytes,
        "kv_bytes_per_token": planned.kv_bytes_per_token,
        "peak_bytes": planned.peak_bytes,
        "max_context_tokens": planned.max_context_tokens,
        "bytes_per_decode_step": planned.bytes_per_decode_step,
        "roofline_tokens_per_second": roofline,
        "tensor_parallel": {
            "requested": parallel.requested,
            "feasible": parallel.feasible,
            "reason": parallel.reason,
            "feasible_values": list(parallel.feasible_values),
            "nearest": parallel.nearest,
            "feasible_group_size": parallel.regrouped,
        },
        "faults": list(planned.faults),
        "warnings": list(planned.warnings),
        "assumed": list(assumed),
        "batch": work.batch,
        "context_tokens": work.context,
        "ranks": planned.ranks,
        "vram_limit": work.limit_bytes,
        "device": work.device,
        "bandwidth_gbs": work.bandwidth_gbs,
        "rank_weight_bytes": planned.rank_weight_bytes,
        "kv_bytes": planned.kv_bytes,
        "activation_bytes": planned.activation_bytes,
        "max_prompt_tokens": planned.max_prompt_tokens,
        "max_batch": planned.max_batch,
        "roofline_tokens_per_second_per_sequence": roofline and roofline / work.batch,
        "model_type": sized.sizes.model_type,
        "quantization": sized.sizes.quantization,
        "dtype": sized.sizes.dtype,
        "reference": sized.reference,
    }


def _lines(planned: Plan, work: Workload, sized: Sized, assumed: Sequence[str]) -> Iterator[str]:
    for name, text in _rows(planned, work, sized):
        yield f"{name:<16} {text}"
    yield from (f"NOT FEASIBLE: {fault}" for fault in planned.faults)
    yield from (f"warning: {warning}" for warning in planned.warnings)
    yield from (f"assumed: {one}" for one in assumed)


def _rows(planned: Plan, work: Workload, sized: Sized) -> Iterator[tuple[str, str]]:
    sizes = sized.sizes
    kind = (sizes.model_type, sizes.quantization, sizes.dtype, f"{sizes.layers} layers")
    yield "model", ", ".join(filter(None, kind))
    speed = f", {work.bandwidth_gbs:g} GB/s" if work.bandwidth_gbs else ""
    yield "device", f"{work.device}{speed}"
    limit = f", vram_limit {gigabytes(work.limit_bytes)}" if work.limit_bytes else ""
    cut = f", tensor_parallel {work.ranks}" if work.ranks > 1 else ""
    yield "asked", f"batch {work.batch}, {work.context} tokens each{cut}{limit}"
    yield "weights", gigabytes(planned.weight_bytes)
    if planned.ranks > 1:
        yield "weights of a rank", gigabytes(planned.rank_weight_bytes)
    token = f"{planned.kv_bytes_per_token:,} B a token"
    yield "caches", f"{gigabytes(planned.kv_bytes)}; {token}"
    yield "activations", f"{gigabytes(planned.activation_bytes)}, estimated"
    yield "peak", gigabytes(planned.peak_bytes)
    if work.limit_bytes is not None:
        yield (
            "most context",
            (
                f"{planned.max_context_tokens:,} tokens each at batch {work.batch}; "
                f"{planned.max_prompt_tokens:,} if all is prompt"
            ),
        )
        yield "most sequences", f"{planned.max_batch} of {work.context} tokens"
    yield "read per step", gigabytes(planned.bytes_per_decode_step)
    roofline = planned.roofline_tokens_per_second
    if roofline is not None:
        each = f", {roofline / work.batch:.4g} of each" if work.batch > 1 else ""
        yield "roofline", f"{roofline:.4g} tokens/s{each}, never more"
    yield "can be cut over", ", ".join(map(str, planned.tensor_parallel.feasible_values))


def _announce(text: str) -> None:
    print(f"nixspec: {text}", file=sys.stderr)
