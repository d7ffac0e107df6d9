package cache

import "os"

// ParseLocation lets tests parse a location as any operating system would.
var ParseLocation = parseLocation

// Prepare makes the directory before the first claim.
func (d *Directory) Prepare() error { return d.prepare() }

// Put lets tests store what no claim would.
func (m *Memory) Put(name string, contents []byte) error {
	m.entries[name] = contents
	return nil
}

// Put lets tests store what no claim would.
func (d *Directory) Put(name string, contents []byte) error {
	return os.WriteFile(d.Locate(name), contents, 0o600)
}
