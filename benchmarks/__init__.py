"""How long training and predicting take, here and in other libraries."""
