package cache

// ParseLocation lets tests parse a location as any operating system would.
var ParseLocation = parseLocation

// IsStillAt lets tests look at a moment that is too short to meet.
var IsStillAt = isStillAt

// LocksInUse counts the locks that the directory keeps in memory.
func (d *Directory) LocksInUse() int {
	d.locks.mutex.Lock()
	defer d.locks.mutex.Unlock()
	return len(d.locks.locks)
}
