"""Planted faults and healthy networks: does diagnosis find the first, and leave the second alone?"""
