//! A canvas that plotters draws on, with letters of its own, and its way into a PNG file.

use font8x8::legacy::BASIC_LEGACY;
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind};
use std::convert::Infallible;
use std::io::{self, Write};

/// Pixels of a letter, both ways.
const LETTER: u32 = 8;

/// An RGB picture.
pub struct Canvas {
    pub width: u32,
    pub height: u32,
    /// Three bytes for each pixel, line after line.
    pub pixels: Vec<u8>,
}

impl Canvas {
    /// A white one.
    pub fn new(width: u32, height: u32) -> Self {
        Self { width, height, pixels: vec![0xff; width as usize * height as usize * 3] }
    }

    fn set(&mut self, x: i32, y: i32, color: BackendColor) {
        let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else { return };
        if x >= self.width || y >= self.height {
            return;
        }
        let at = (y as usize * self.width as usize + x as usize) * 3;
        let (r, g, b) = color.rgb;
        if let Some(pixel) = self.pixels.get_mut(at..at + 3) {
            for (old, new) in pixel.iter_mut().zip([r, g, b]) {
                *old = (f64::from(*old) * (1.0 - color.alpha) + f64::from(new) * color.alpha) as u8;
            }
        }
    }
}

/// How many times a letter of eight pixels is enlarged for a font of this size.
fn scale(size: f64) -> u32 {
    (size as u32 / LETTER).clamp(1, 8)
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl DrawingBackend for &mut Canvas {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        self.set(x, y, color);
        Ok(())
    }

    /// As the library's own, without a line of code per pixel of its outline.
    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, fill: bool) -> Drawn {
        let (left, right) = (from.0.min(to.0), from.0.max(to.0));
        let (top, bottom) = (from.1.min(to.1), from.1.max(to.1));
        for y in top..=bottom {
            for x in left..=right {
                if fill || y == top || y == bottom || x == left || x == right {
                    self.set(x, y, style.color());
                }
            }
        }
        Ok(())
    }

    fn draw_text<T: BackendTextStyle>(&mut self, text: &str, style: &T, (x, y): BackendCoord) -> Drawn {
        let (width, height) = self.estimate_text_size(text, style)?;
        let (width, height) = (width as i32, height as i32);
        let left = x - match style.anchor().h_pos {
            HPos::Left => 0,
            HPos::Center => width / 2,
            HPos::Right => width,
        };
        let top = y - match style.anchor().v_pos {
            VPos::Top => 0,
            VPos::Center => height / 2,
            VPos::Bottom => height,
        };
        let scale = scale(style.size());
        for (n, letter) in (0u32..).zip(text.chars()) {
            let known = usize::try_from(u32::from(letter)).unwrap_or(usize::MAX);
            let glyph = BASIC_LEGACY.get(known).or(BASIC_LEGACY.get(usize::from(b'?'))).copied().unwrap_or_default();
            for (row, bits) in (0u32..).zip(glyph) {
                for column in (0..LETTER).filter(|c| bits >> c & 1 == 1) {
                    for (dx, dy) in (0..scale).flat_map(|dy| (0..scale).map(move |dx| (dx, dy))) {
                        let (px, py) = ((n * LETTER + column) * scale + dx, row * scale + dy);
                        self.set(left + px as i32, top + py as i32, style.color());
                    }
                }
            }
        }
        Ok(())
    }

    fn estimate_text_size<T: BackendTextStyle>(
        &self,
        text: &str,
        style: &T,
    ) -> Result<(u32, u32), DrawingErrorKind<Self::ErrorType>> {
        let letters = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        Ok((letters.saturating_mul(LETTER * scale(style.size())), LETTER * scale(style.size())))
    }
}

/// Writes it as a PNG.
///
/// # Errors
/// When that fails.
pub fn write(canvas: &Canvas, mut file: impl Write) -> io::Result<()> {
    let mut encoder = png::Encoder::new(&mut file, canvas.width, canvas.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&canvas.pixels)?;
    writer.finish()?;
    file.flush()
}
