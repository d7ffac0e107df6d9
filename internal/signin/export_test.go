package signin

import "context"

// Open is what opens a browser.
var Open = open

// OpenWith replaces the browser.
func (f *Flow) OpenWith(open func(address string) error) {
	f.open = func(_ context.Context, address string) error { return open(address) }
}
