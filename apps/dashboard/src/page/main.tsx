import { render } from 'preact';
import { App } from './app/app.tsx';
import { applyTheme } from './app/theme.ts';

applyTheme();
const place = document.getElementById('app');
if (place === null) throw new Error('index.html has no #app');
place.replaceChildren();
render(<App />, place);
