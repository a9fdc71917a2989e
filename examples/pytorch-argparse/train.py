"""Train a small network on scikit-learn's digits."""

import argparse
import os

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lr", type=float, default=0.05, help="learning rate (default: %(default)s)")
    parser.add_argument("--momentum", type=float, default=0.9, help="momentum of SGD (default: %(default)s)")
    parser.add_argument("--nesterov", action="store_true", help="use Nesterov's momentum")
    parser.add_argument("--width", type=int, default=64, help="hidden units (default: %(default)s)")
    parser.add_argument("--activation", choices=["relu", "tanh", "gelu"], default="relu")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1, ...")
    parser.add_argument("--workers", type=int, default=2, help="processes that load data")
    parser.add_argument("--checkpoint-dir", help="keep a checkpoint here, and go on from it")
    return parser.parse_args()


def load_data(seed):
    images, labels = load_digits(return_X_y=True)
    split = train_test_split(images / 16, labels, test_size=500, random_state=seed, stratify=labels)
    x_train, x_val, y_train, y_val = (torch.tensor(part) for part in split)
    return TensorDataset(x_train.float(), y_train), TensorDataset(x_val.float(), y_val)


def accuracy(model, loader, device):
    model.eval()
    correct = 0
    with torch.no_grad():
        for x, y in loader:
            correct += (model(x.to(device)).argmax(dim=1) == y.to(device)).sum().item()
    return correct / len(loader.dataset)


def main():
    args = parse_args()
    torch.manual_seed(args.seed)
    device = torch.device(args.device)

    train_data, val_data = load_data(args.seed)
    train_loader = DataLoader(
        train_data, args.batch_size, shuffle=True, num_workers=args.workers, persistent_workers=args.workers > 0
    )
    val_loader = DataLoader(val_data, batch_size=500)

    activation = {"relu": nn.ReLU, "tanh": nn.Tanh, "gelu": nn.GELU}[args.activation]
    model = nn.Sequential(nn.Linear(64, args.width), activation(), nn.Linear(args.width, 10)).to(device)
    optimizer = torch.optim.SGD(
        model.parameters(), args.lr, args.momentum, nesterov=args.nesterov and args.momentum > 0
    )
    criterion = nn.CrossEntropyLoss()

    start, path = 1, None
    if args.checkpoint_dir:
        os.makedirs(args.checkpoint_dir, exist_ok=True)
        path = os.path.join(args.checkpoint_dir, "last.pt")
        if os.path.exists(path):
            saved = torch.load(path, weights_only=True)
            model.load_state_dict(saved["model"])
            optimizer.load_state_dict(saved["optimizer"])
            start = saved["epoch"] + 1
            print(f"going on from epoch {saved['epoch']}", flush=True)

    for epoch in range(start, args.epochs + 1):
        model.train()
        total = 0.0
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(x.to(device)), y.to(device))
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x)
        val_accuracy = accuracy(model, val_loader, device)
        print(f"epoch {epoch} val_accuracy={val_accuracy:.4f} train_loss={total / len(train_data):.4f}", flush=True)
        if path:
            torch.save(
                {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch}, path + ".tmp"
            )
            os.replace(path + ".tmp", path)


if __name__ == "__main__":
    main()
