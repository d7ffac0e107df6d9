package engine

// StartIn is what [Run] reads.
var StartIn = startIn
