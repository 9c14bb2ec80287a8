#!/usr/bin/python3
"""Reads OpenMetrics from the program given, by the strict parser of Prometheus' own Python client."""

import subprocess
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

text = subprocess.run([sys.argv[1], "openmetrics"], check=True, capture_output=True, text=True).stdout
families = {family.name: family for family in text_string_to_metric_families(text)}

assert families["paws_runner"].type == "info", families["paws_runner"]
assert families["paws_runner_cpu_seconds"].type == "counter"
assert families["paws_runner_cpu_seconds"].unit == "seconds"
assert families["paws_runner_job_duration_seconds"].type == "histogram"
samples = sum(len(family.samples) for family in families.values())
assert samples > 140, samples
print(f"{len(families)} families, {samples} samples")
