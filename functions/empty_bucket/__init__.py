"""Empty a bucket when its stack is deleted: CloudFormation deletes empty buckets only."""
