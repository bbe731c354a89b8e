"""The model hub: what a repository holds, and downloads that go on where they stopped."""
