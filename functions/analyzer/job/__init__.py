"""The third contract: fold one shard of a planned pass into partial states, which Evaluate merges and judges."""
