"""The administrative tree: province, city, county, township, village."""
