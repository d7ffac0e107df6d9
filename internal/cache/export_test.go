package cache

// ParseLocation lets tests parse a location as any operating system would.
var ParseLocation = parseLocation
