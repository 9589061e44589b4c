"""Hand the messages of the topic on to chats and webhooks, as events."""
