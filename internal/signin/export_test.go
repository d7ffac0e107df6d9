package signin

import "context"

// Open is the function that opens a browser.
var Open = open

// OpenWith replaces the function that opens a browser.
func (f *Flow) OpenWith(open func(address string) error) {
	f.open = func(_ context.Context, address string) error { return open(address) }
}
