"""The third contract: fold one shard of a planned pass into partial states, or fit a baseline to a data set."""
