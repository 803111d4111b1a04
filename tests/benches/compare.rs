//! Two ways of doing the same, measured in turns: on a machine that others use, only turns give a ratio to believe.

use criterion::Criterion;
use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

/// Does something `n` times, and says how long that took.
pub type Side<'a> = &'a mut dyn FnMut(u64) -> Duration;

/// What the ratio is of.
#[derive(Clone, Copy)]
pub enum Clock {
    /// Time on a processor, of all threads of this process; other programs on the machine do not change it.
    Processor,
    /// Time that passes: where a server does part of the work.
    Wall,
}

impl Clock {
    /// What `run` takes by this clock.
    pub fn time(self, run: impl FnOnce()) -> Duration {
        let (start, before) = (Instant::now(), self.on_processor());
        run();
        match (before, self.on_processor()) {
            (Some(before), Some(after)) => after.saturating_sub(before),
            _ => start.elapsed(),
        }
    }

    fn on_processor(self) -> Option<Duration> {
        matches!(self, Clock::Processor).then(on_processor).flatten()
    }
}

/// One comparison's outcome, for the table at the end.
struct Line {
    name: String,
    ratio: f64,
    /// Diesel against itself: quartiles of the same ratio.
    spread: (f64, f64),
    diesel: Duration,
    orm: Duration,
}

static LINES: Mutex<Vec<Line>> = Mutex::new(Vec::new());

/// Times `f`, `n` times.
pub fn timed<T>(n: u64, mut f: impl FnMut(u64) -> T) -> Duration {
    let start = Instant::now();
    for i in 0..n {
        std::hint::black_box(f(i));
    }
    start.elapsed()
}

/// Measures both sides with Criterion, then in turns for the ratio.
pub fn compare(criterion: &mut Criterion, clock: Clock, name: &str, diesel: Side<'_>, orm: Side<'_>) {
    let by_clock = |n: u64, side: Side<'_>| {
        let mut wall = Duration::ZERO;
        let took = clock.time(|| wall = side(n));
        if matches!(clock, Clock::Wall) { wall } else { took }
    };
    if let Some(asked) = profile() {
        return asked.run(name, diesel, orm);
    }
    let mut group = criterion.benchmark_group(name);
    let mut ran = false;
    group.bench_function("diesel", |bencher| bencher.iter_custom(|n| (ran = true, diesel(n)).1));
    group.bench_function("orm", |bencher| bencher.iter_custom(|n| (ran = true, orm(n)).1));
    group.finish();
    // Nothing has run when another name was asked for on the command line.
    if ran {
        in_turns(name, 101, &mut |n| by_clock(n, diesel), &mut |n| by_clock(n, orm));
    }
}

/// The same for what takes a good part of a second: in turns alone, and the sides say the time by the clock they have chosen, since
/// what puts things right again between runs does not count. Says whether it was asked for.
pub fn compare_large(name: &str, diesel: Side<'_>, orm: Side<'_>) -> bool {
    if let Some(asked) = profile() {
        asked.run(name, diesel, orm);
        return false;
    }
    let asked = large_asked(name);
    if asked {
        in_turns(name, 7, diesel, orm);
    }
    asked
}

/// Whether the command line asks for it. As Criterion has it, a word there is a part of the names to run, or several with `|` between
/// them.
pub fn large_asked(name: &str) -> bool {
    let mut words = std::env::args().skip(1).filter(|word| !word.starts_with('-')).peekable();
    words.peek().is_none() || words.any(|word| word.split('|').any(|part| name.contains(part)))
}

/// `BENCH_PROFILE="orm 1000 SQLite memory, point read"` runs one side so many times and nothing else, for a profiler.
struct Profile {
    side: String,
    times: u64,
    name: String,
}

fn profile() -> Option<Profile> {
    let asked = std::env::var("BENCH_PROFILE").ok()?;
    let mut words = asked.splitn(3, ' ').map(str::to_owned);
    Some(Profile { side: words.next()?, times: words.next()?.parse().ok()?, name: words.next()? })
}

impl Profile {
    fn run(&self, name: &str, diesel: Side<'_>, orm: Side<'_>) {
        if self.name == name {
            let took = if self.side == "orm" { orm(self.times) } else { diesel(self.times) };
            println!("{name}: {} ran {} times in {took:.2?}", self.side, self.times);
        }
    }
}

/// The time that the threads of this process spent on a processor: what another program on the machine does not change.
fn on_processor() -> Option<Duration> {
    // A thread's account is brought up to date when it gives way.
    std::thread::yield_now();
    let mut nanos = 0;
    for task in std::fs::read_dir("/proc/self/task").ok()? {
        let account = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        nanos += account.split(' ').next()?.parse::<u64>().ok()?;
    }
    Some(Duration::from_nanos(nanos))
}

fn in_turns(name: &str, rounds: usize, diesel: Side<'_>, orm: Side<'_>) {
    let mut n = 1;
    while diesel(n) < Duration::from_millis(3) {
        n *= 2;
    }
    let (mut ratios, mut itself, mut theirs, mut ours) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (first, between, last) = (diesel(n), orm(n), diesel(n));
        ratios.push(2.0 * between.as_secs_f64() / (first + last).as_secs_f64());
        itself.push(last.as_secs_f64() / first.as_secs_f64());
        theirs.push(((first + last) / 2).as_secs_f64() / n as f64);
        ours.push(between.as_secs_f64() / n as f64);
    }
    let spread = (quantile(&mut itself, 0.25), quantile(&mut itself, 0.75));
    let median = |list: &mut Vec<f64>| quantile(list, 0.5);
    let (diesel, orm) = (Duration::from_secs_f64(median(&mut theirs)), Duration::from_secs_f64(median(&mut ours)));
    let line = Line { name: name.to_owned(), ratio: median(&mut ratios), spread, diesel, orm };
    println!("{name}: {:.2}, {:.2?} and {:.2?}", line.ratio, line.diesel, line.orm);
    if let Ok(mut lines) = LINES.lock() {
        lines.push(line);
    }
}

fn quantile(list: &mut [f64], at: f64) -> f64 {
    list.sort_by(f64::total_cmp);
    list[((list.len() - 1) as f64 * at).round() as usize]
}

/// The table for the document.
pub fn report() {
    let Ok(lines) = LINES.lock() else { return };
    if lines.is_empty() {
        return;
    }
    println!("\n| What | Ratio | Diesel against itself | Diesel | orm |\n|---|---|---|---|---|");
    for Line { name, ratio, spread, diesel, orm } in lines.iter() {
        println!("| {name} | **{ratio:.2}** | {:.2} to {:.2} | {diesel:.2?} | {orm:.2?} |", spread.0, spread.1);
    }
}
