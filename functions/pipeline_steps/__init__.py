"""Steps of the retraining pipeline: prepare the data, score both models, compare them."""
