package engine

// StartIn parses what [Run] reads.
var StartIn = startIn
