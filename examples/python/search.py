import hyperspool as hs


def height(params):
    return -((params["x"] - 3) ** 2) - (params["kind"] == "rough")


study = hs.Study("hill", {"x": hs.Float(0, 10), "kind": ["smooth", "rough"]}, root="search", direction="maximize")
study.run(height, trials=20, workers=2)
print(study.best.params)
print(study.trials.sort_values("value").tail())
