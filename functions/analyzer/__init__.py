"""The analyzer container: fulfils the contract of Amazon's prebuilt data-quality image."""
