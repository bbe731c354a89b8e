"""What training needs besides the model: windows, a fast loss, the model card."""
