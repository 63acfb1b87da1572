package platform

import "errors"

// ErrLeaseLost says that work was claimed by somebody else meanwhile, or was
// ended: this claim's result must not be kept.
var ErrLeaseLost = errors.New("the lease on the work is over and somebody else has it")
