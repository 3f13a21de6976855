//! The picture as a file has it: a chart of cells, addresses at its side, the legend below.

use super::canvas::Canvas;
use super::cells::Cell;
use super::{MapAnswer, label};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Pixels of a cell, both ways.
const SIDE: u32 = 4;
/// Pixels left of the cells, where addresses stand; above them, where the title does; of one line of the legend.
const MARGIN: u32 = 168;
const TITLE: u32 = 32;
const LINE: u32 = 16;
/// A picture is at least so wide, for its title.
const NARROWEST: u32 = 400;

/// Draws it.
pub fn draw(answer: &MapAnswer, cells: &[Cell]) -> Canvas {
    let columns = answer.columns.max(1);
    let rows = cells.len().div_ceil(columns);
    let (width, height) = (pixels(columns), pixels(rows));
    let legend = LINE * (u32::try_from(answer.legend.len()).unwrap_or(0) + 1);
    let mut canvas = Canvas::new((MARGIN + width + LINE).max(NARROWEST), TITLE + height + LINE + legend);
    // Nothing that is drawn can fail: the canvas takes everything.
    let _ = chart(&mut canvas, answer, cells, (columns, rows), (width, height));
    canvas
}

fn pixels(cells: usize) -> u32 {
    u32::try_from(cells).unwrap_or(u32::MAX).saturating_mul(SIDE)
}

fn color(text: &str) -> RGBColor {
    let value = u32::from_str_radix(text.trim_start_matches('#'), 16).unwrap_or(0);
    let [_, r, g, b] = value.to_be_bytes();
    RGBColor(r, g, b)
}

fn chart(
    canvas: &mut Canvas,
    answer: &MapAnswer,
    cells: &[Cell],
    (columns, rows): (usize, usize),
    (width, height): (u32, u32),
) -> Result<(), Box<dyn std::error::Error>> {
    let root = canvas.into_drawing_area();
    root.fill(&WHITE)?;
    let small = ("monospace", 8).into_font().color(&BLACK);
    let title = ("monospace", 16).into_font().color(&BLACK);
    let whose = match (&answer.process, answer.pid) {
        (Some(name), Some(pid)) => format!("{pid} {name}"),
        _ if answer.space == "kernel" => "kernel".to_owned(),
        _ => "physical memory".to_owned(),
    };
    root.draw(&Text::new(format!("{whose} by {}", answer.by), (8, 8), title))?;
    let (top, left) = (TITLE as i32, MARGIN as i32);
    let area = root.clone().shrink((left, top), (width, height));
    let area = area.apply_coord_spec(
        Cartesian2d::<plotters::coord::types::RangedCoordi32, plotters::coord::types::RangedCoordi32>::new(
            0..columns as i32,
            0..rows as i32,
            (left..left + width as i32, top..top + height as i32),
        ),
    );
    for (i, cell) in cells.iter().enumerate() {
        let (x, y) = ((i % columns) as i32, (i / columns) as i32);
        let found = answer.legend.iter().find(|k| k.mark == cell.mark).map_or(WHITE, |k| color(&k.color));
        // Both corners of a rectangle are drawn; one cell ends where the next begins.
        area.draw(&Rectangle::new([(x, y), (x + 1, y + 1)], found.filled()))?;
    }
    let right = small.clone().pos(Pos::new(HPos::Right, VPos::Top));
    for row in (0..rows).step_by(8) {
        if let Some(cell) = cells.get(row * columns) {
            root.draw(&Text::new(label(cell), (left - 8, top + pixels(row) as i32), right.clone()))?;
        }
    }
    let mut y = top + height as i32 + LINE as i32;
    for key in &answer.legend {
        root.draw(&Rectangle::new([(left, y), (left + 10, y + 8)], color(&key.color).filled()))?;
        root.draw(&Rectangle::new([(left, y), (left + 10, y + 8)], BLACK))?;
        let amount = key.bytes.map_or_else(|| format!("{} cells", key.cells), |bytes| format!("{} KiB", bytes / 1024));
        root.draw(&Text::new(format!("{}  {amount}", key.name), (left + 18, y + 1), small.clone()))?;
        y += LINE as i32;
    }
    root.draw(&Text::new(format!("one cell: {} KiB", answer.cell / 1024), (left, y), small))?;
    Ok(())
}
