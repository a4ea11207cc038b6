throw new Error('This suite cannot be loaded.');
