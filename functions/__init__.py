"""What is deployed: one folder per Lambda function; the only code that knows AWS, the environment and the clock."""
