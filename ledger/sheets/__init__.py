"""Spreadsheets, CSV and XLSX, and a mapping: typed values of each row, or why not, in words. No service is asked."""
