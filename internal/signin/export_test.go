package signin

// OpenWith replaces the browser.
func (f *Flow) OpenWith(open func(address string) error) { f.open = open }
