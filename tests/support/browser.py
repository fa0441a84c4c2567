"""Uploads a file from the page of examples/browser_upload, with the keyboard alone, in a headless Chromium.

    browser.py URL FILE [FOLDER]    prints as JSON what the page shows at the end; leaves screenshots in FOLDER
    browser.py --cancel URL FILE    cancels when the whole file is sent
"""

import argparse
import json
import shutil
import sys
import tempfile

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

# A browser may take long to start on a busy machine.
PATIENCE = 120
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Writes down what the page says it is doing.
OBSERVE = """
    window.said = [];
    const doing = document.getElementById("doing");
    new MutationObserver(() => window.said.push(doing.textContent)).observe(doing, {childList: true});
"""
SHOWN = """
    const text = (selector) => document.querySelector(`#outcome ${selector}`).textContent;
    const facts = [...document.querySelectorAll("#outcome dt")].map((dt) => [dt.textContent, dt.nextSibling.textContent]);
    return {
      tone: document.getElementById("outcome").className,
      heading: text("h2"),
      text: text("p"),
      facts: Object.fromEntries(facts),
      answer: text("pre"),
      said: window.said,
      focused: document.activeElement.id,
      markup: document.querySelectorAll("#news :is(img, script, b)").length,
    };
"""


def start(profile):
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for option in OPTIONS + (f"--user-data-dir={profile}", "--window-size=900,900"):
        options.add_argument(option)
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    return webdriver.Chrome(options=options, service=service)


def focused(driver):
    return driver.switch_to.active_element


def press(driver, key):
    webdriver.ActionChains(driver).send_keys(key).perform()


def tab_to(driver, wanted):
    """Goes on to the next element that can be used, which has to be this one."""
    press(driver, Keys.TAB)
    assert focused(driver).get_attribute("id") == wanted, focused(driver).get_attribute("outerHTML")


def upload(driver, arguments, wait):
    driver.get(arguments.url)
    driver.execute_script(OBSERVE)
    screenshot(driver, arguments, "before")
    tab_to(driver, "file")
    focused(driver).send_keys(arguments.file)
    tab_to(driver, "upload")
    press(driver, Keys.ENTER)
    if arguments.cancel:
        wait.until(lambda _: driver.find_element(By.ID, "doing").text.startswith("Sent."))
        screenshot(driver, arguments, "during")
        assert focused(driver).get_attribute("id") == "cancel"
        press(driver, Keys.ENTER)
    wait.until(lambda _: driver.find_elements(By.ID, "outcome"))


def excess_width(driver):
    """How many pixels the page is too wide for a small telephone."""
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 320, "height": 640, "deviceScaleFactor": 1, "mobile": False},
    )
    return driver.execute_script("const {scrollWidth, clientWidth} = document.documentElement; return scrollWidth - clientWidth")


def screenshot(driver, arguments, name):
    if arguments.folder:
        driver.save_screenshot(f"{arguments.folder}/{name}.png")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cancel", action="store_true")
    parser.add_argument("url")
    parser.add_argument("file")
    parser.add_argument("folder", nargs="?")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        driver = start(profile)
        try:
            driver.set_page_load_timeout(PATIENCE)
            upload(driver, arguments, WebDriverWait(driver, PATIENCE))
            shown = driver.execute_script(SHOWN)
            screenshot(driver, arguments, "after")
            shown["excess_width"] = excess_width(driver)
            screenshot(driver, arguments, "narrow")
            log = [entry["message"] for entry in driver.get_log("browser")]
            shown["complaints"] = [line for line in log if "Failed to load resource" not in line]
        finally:
            driver.quit()
    json.dump(shown, sys.stdout)


main()
