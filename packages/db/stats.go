package db

// PoolStats are the seed's three figures, at one moment.
type PoolStats struct {
	TotalCount   int `json:"totalCount"`   // connections open or being opened
	IdleCount    int `json:"idleCount"`    // connections that nobody holds
	WaitingCount int `json:"waitingCount"` // callers that wait because all connections are held
}

// GetPoolStats returns the pool's figures. It never blocks and touches no connection.
func (p *Pool) GetPoolStats() PoolStats {
	if p.pool == nil {
		return PoolStats{}
	}
	s := p.pool.Stat()
	return PoolStats{
		TotalCount:   int(s.TotalConns()),
		IdleCount:    int(s.IdleConns()),
		WaitingCount: int(p.waiting.Load()),
	}
}
