"""What a department knows of somebody, asked for and put into words as the content says."""
