"""Stand-ins for the outside world: the departments' data exchange and the Alipay gateway. Never in production."""
