package cache

import "os"

// ParseLocation lets tests parse a location for any operating system.
var ParseLocation = parseLocation

// Prepare creates the directory before the first claim.
func (d *Directory) Prepare() error { return d.prepare() }

// Put stores contents without a claim, for example a damaged entry.
func (m *Memory) Put(name string, contents []byte) error {
	m.entries[name] = contents
	return nil
}

// Put stores contents without a claim, for example a damaged entry.
func (d *Directory) Put(name string, contents []byte) error {
	return os.WriteFile(d.Locate(name), contents, 0o600)
}
