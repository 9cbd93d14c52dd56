"""Electronic business licences (电子营业执照)."""
