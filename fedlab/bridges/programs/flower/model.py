"""The gradient of a stack of dense layers with ReLU between them, in NumPy."""

import numpy as np


def gradient(weights, x, y):
    """The gradient of the mean cross-entropy, one array for each of the weights: kernel, bias, kernel, bias, ..."""
    inputs = [x]
    for kernel, bias in zip(weights[0:-2:2], weights[1:-2:2]):
        inputs.append(np.maximum(inputs[-1] @ kernel + bias, 0))
    logits = inputs[-1] @ weights[-2] + weights[-1]
    exp = np.exp(logits - logits.max(axis=1, keepdims=True))
    slope = exp / exp.sum(axis=1, keepdims=True)
    slope[np.arange(len(y)), y] -= 1
    slope /= len(y)
    found = []
    for layer in reversed(range(len(inputs))):
        found = [inputs[layer].T @ slope, slope.sum(axis=0), *found]
        slope = slope @ weights[2 * layer].T * (inputs[layer] > 0)
    return found
