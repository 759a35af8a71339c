import { useEffect, useLayoutEffect, useState } from 'preact/hooks'

const DARK = '(prefers-color-scheme: dark)'
const KEY = 'millrace-theme'

export type Theme = 'light' | 'dark'

function stored(): Theme | undefined {
  const value = localStorage.getItem(KEY)
  return value === 'light' || value === 'dark' ? value : undefined
}

/** The theme in use: what was chosen here, else what the system wants; and how to change it. */
export function useTheme(): [Theme, () => void] {
  const [theme, setTheme] = useState<Theme>(() => stored() ?? (matchMedia(DARK).matches ? 'dark' : 'light'))
  // Before any chart asks for its colours.
  useLayoutEffect(() => {
    document.documentElement.dataset['theme'] = theme
  }, [theme])
  useEffect(() => {
    const query = matchMedia(DARK)
    const follow = (): void => {
      if (stored() === undefined) setTheme(query.matches ? 'dark' : 'light')
    }
    query.addEventListener('change', follow)
    return () => query.removeEventListener('change', follow)
  }, [])
  const toggle = (): void => {
    const next = theme === 'dark' ? 'light' : 'dark'
    localStorage.setItem(KEY, next)
    setTheme(next)
  }
  return [theme, toggle]
}
