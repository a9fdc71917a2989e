"""PyTorch Lightning on handwritten digits: a callback of six lines reports every epoch."""

import lightning.pytorch as pl
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split


class Classifier(pl.LightningModule):
    def __init__(self, width, learning_rate):
        super().__init__()
        self.learning_rate = learning_rate
        self.net = nn.Sequential(nn.Linear(64, width), nn.ReLU(), nn.Linear(width, 10))

    def training_step(self, batch, _):
        images, digits = batch
        return nn.functional.cross_entropy(self.net(images), digits)

    def validation_step(self, batch, _):
        images, digits = batch
        self.log("val_accuracy", (self.net(images).argmax(1) == digits).float().mean(), on_epoch=True)

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=self.learning_rate)


class Report(pl.Callback):
    def __init__(self, trial):
        self.trial = trial

    def on_train_epoch_end(self, trainer, _):
        self.trial.report(**{name: float(value) for name, value in trainer.callback_metrics.items()})


def train(params, trial):
    pl.seed_everything(trial.seeds.initialisation)
    images, digits = (torch.tensor(part) for part in load_digits(return_X_y=True))
    training, validation = random_split(TensorDataset(images.float() / 16, digits), [0.8, 0.2])
    trainer = pl.Trainer(
        max_epochs=trial.epochs, callbacks=[Report(trial)], accelerator="auto", devices=1, logger=False,
        default_root_dir=trial.folder, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False
    )  # fmt: skip
    model = Classifier(**params)
    trainer.fit(model, DataLoader(training, 32, shuffle=True), DataLoader(validation, 500))
    return trainer.callback_metrics["val_accuracy"]
