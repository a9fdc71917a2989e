"""The live view of studies in optuna-dashboard: their folders as a storage of Optuna's, and a server."""
