"""What an MLflow server has of a run, by MLflow's own client, as one JSON object."""
import json
import sys

import mlflow
from mlflow import MlflowClient

address, name = sys.argv[1:]
mlflow.set_tracking_uri(address)
client = MlflowClient()
experiment = client.get_experiment_by_name("kofn")
[run] = client.search_runs([experiment.experiment_id], f"tags.kofn_run = '{name}'")
history = client.get_metric_history(run.info.run_id, "objective")
traces = client.search_traces(
    locations=[experiment.experiment_id], max_results=10, include_spans=True
)
print(
    json.dumps(
        {
            "version": mlflow.__version__,
            "status": run.info.status,
            "rounds": run.data.params.get("stop.rounds"),
            "objectives": [[one.step, one.value] for one in history],
            "final": run.data.metrics.get("final_objective"),
            "artifacts": [
                [one.path, one.file_size] for one in client.list_artifacts(run.info.run_id)
            ],
            "traces": [
                [[span.name, span.parent_id is None] for span in trace.data.spans]
                for trace in traces
            ],
        }
    )
)
