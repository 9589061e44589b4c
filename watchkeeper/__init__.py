"""The command line: the same analysis as the deployed functions, on files or on S3."""
